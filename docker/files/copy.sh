#!/usr/bin/env bash
# copy.sh SLACK NAME…: copies each volume from /from/NAME to /to/NAME, whatever is there already. SLACK is 1 if the files may
# change meanwhile, and 0 otherwise. The panel runs it in a container of its own that has these volumes and nothing else.
#
# It says `total BYTES` once, and `at BEFORE RECORDS` now and then: so many bytes of the volumes before, and so many records
# of 10 KiB of this one. It ends with 0 if all is copied, 3 if what was there can't be removed, and 4 if copying failed; then
# tar has said why.
set -u
export LC_ALL=C
slack=$1
shift
for name; do
    find "/to/$name" -mindepth 1 -delete || exit 3
done
kib() { du -sk "$1" 2>/dev/null | cut -f1; }
total=0
for name; do
    total=$((total + $(kib "/from/$name") * 1024))
done
echo "total $total"
before=0
for name; do
    # Uploads that are under way are nobody's files yet.
    tar -C "/from/$name" -cSf - --numeric-owner --xattrs --xattrs-include='user.*' --acls --exclude='.berth-upload-*' . |
        tar -C "/to/$name" -xpf - --numeric-owner --xattrs --xattrs-include='user.*' --acls \
            --checkpoint=1600 --checkpoint-action=echo="at $before %u"
    codes=("${PIPESTATUS[@]}")
    ((codes[0] <= slack && codes[1] == 0)) || exit 4
    before=$((before + $(kib "/from/$name") * 1024))
done
