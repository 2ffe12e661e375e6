# The image that the chart runs: one static program and nothing else. `docker build --tag tenantry .`
# tests/node/image makes the same without Docker; a test holds the two against each other.
FROM rust:1.95.0-alpine AS build
# The toolchain of the image, without the components that rust-toolchain.toml asks for.
ENV RUSTUP_TOOLCHAIN=1.95.0
RUN apk add --no-cache musl-dev
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --bin tenantry \
    && install -D -m 0755 target/release/tenantry /image/tenantry

FROM scratch
COPY --from=build /image/tenantry /tenantry
USER 65532:65532
ENTRYPOINT ["/tenantry"]
