# The panel. It copies the binary that `cargo build --release` made, since Debian's Rust is too old to build it in here;
# `make image` does both.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ARG BINARY=target/release/berth

RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/berth --no-create-home \
        --shell /usr/sbin/nologin berth \
    && install -d -m 700 -o berth -g berth /var/lib/berth

COPY catalogue /usr/share/berth/catalogue
COPY docker/healthy /usr/local/bin/healthy
COPY ${BINARY} /usr/local/bin/berth

# In a container every address is the container's own: what is reachable is decided by what is published.
ENV BERTH_LISTEN=0.0.0.0:8080 \
    BERTH_METRICS_LISTEN=0.0.0.0:9464 \
    BERTH_DATA_DIR=/var/lib/berth \
    BERTH_CATALOGUE_DIR=/usr/share/berth/catalogue

USER berth
WORKDIR /var/lib/berth
EXPOSE 8080 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/healthy"]
ENTRYPOINT ["/usr/local/bin/berth"]
CMD ["serve"]
