# syntax=docker/dockerfile:1
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --profile dist --locked -p continuum \
    && cp target/dist/continuum /usr/local/bin/continuum

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/continuum continuum \
    && install -d -m 0700 -o continuum -g continuum /var/lib/continuum /var/lib/continuum/keys /var/lib/continuum/files
COPY --from=build /usr/local/bin/continuum /usr/local/bin/continuum
COPY cities /usr/share/continuum/cities
ENV CONTINUUM_LISTEN=0.0.0.0:8080 \
    CONTINUUM_METRICS_LISTEN=0.0.0.0:9464 \
    CONTINUUM_WORKER_METRICS_LISTEN=0.0.0.0:9465 \
    CONTINUUM_DATA_DIR=/var/lib/continuum \
    MIMALLOC_ALLOW_THP=0 \
    MIMALLOC_PURGE_DELAY=5
USER 10001
WORKDIR /var/lib/continuum
EXPOSE 8080 9464 9465
ENTRYPOINT ["continuum"]
CMD ["serve"]
