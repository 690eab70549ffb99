# qkron with everything it needs, its private PostgreSQL included:
#   docker build -t qkron .
#   docker run -p 127.0.0.1:8000:8000 -v qkron:/var/lib/qkron qkron

FROM swift:6.3-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libcrypt-dev libpq-dev libssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# Apart from the sources, so that a change of ours does not fetch the packages again.
COPY Package.swift ./
RUN swift package resolve
COPY . .
RUN swift build -c release --static-swift-stdlib --product qkron \
    && install -D --strip "$(swift build -c release --static-swift-stdlib --show-bin-path)/qkron" /out/qkron

FROM debian:bookworm-slim
# Debian would set up a cluster of its own with the package; qkron makes its private one.
# hadolint ignore=DL3008
RUN mkdir -p /etc/postgresql-common/createcluster.d \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/qkron.conf \
    && apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates curl libcrypt1 libpq5 libssl3 libstdc++6 postgresql tini tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 qkron \
    && useradd --system --uid 10001 --gid qkron --home-dir /var/lib/qkron --shell /usr/sbin/nologin qkron \
    && install -d -o qkron -g qkron -m 0700 /var/lib/qkron
COPY --from=build /out/qkron /usr/local/bin/qkron

ENV QKRON_HOST=0.0.0.0 \
    QKRON_DATA_DIR=/var/lib/qkron
USER qkron
WORKDIR /var/lib/qkron
VOLUME /var/lib/qkron
EXPOSE 8000
# A first start makes a database cluster and migrates it, hence the start period.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD curl --fail --silent --show-error --max-time 4 "http://127.0.0.1:${QKRON_PORT:-${PORT:-8000}}/ready" || exit 1
ENTRYPOINT ["/usr/bin/tini", "--", "qkron"]
CMD ["serve"]
