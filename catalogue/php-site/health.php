<?php
// PHP runs, and can keep what it is given.
header('Content-Type: text/plain');
if (!is_writable('/srv/site/private')) {
    http_response_code(503);
    exit("the volume cannot be written\n");
}
echo "ok\n";
