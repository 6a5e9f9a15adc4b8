# Hyphae as an image: docs/operations/docker.md
#   docker build -t hyphae .
ARG NODE_IMAGE=node:24-bookworm-slim

# What runs: dependencies without those of its makers, and without the Node that a checkout brings along.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /opt/hyphae
COPY package.json package-lock.json .npmrc ./
COPY tools tools
RUN npm ci --ignore-scripts --omit=dev --omit=optional

FROM ${NODE_IMAGE} AS build
WORKDIR /opt/hyphae
COPY package.json package-lock.json .npmrc ./
COPY tools tools
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY inspector inspector
COPY scripts/build-inspector.ts scripts/build-inspector.ts
RUN npm run build && rm -f dist/.tsbuildinfo

FROM ${NODE_IMAGE}
# tini collects what ends without a parent, which Node as process 1 would not. fallocate and setpriv (util-linux) are in the image.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates tini \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 hyphae \
 && useradd --uid 10001 --gid hyphae --no-create-home --home-dir /var/lib/hyphae --shell /usr/sbin/nologin hyphae \
 && install --directory --owner=hyphae --group=hyphae --mode=0700 /var/lib/hyphae \
 && ln -s /opt/hyphae/bin/hyphae.js /usr/local/bin/hyphae
WORKDIR /opt/hyphae
COPY package.json package-lock.json THIRD-PARTY.md ./
COPY bin bin
COPY schema schema
COPY --from=dependencies /opt/hyphae/node_modules node_modules
COPY --from=build /opt/hyphae/dist dist
COPY deploy/docker/hyphae.yaml /etc/hyphae/hyphae.yaml
ENV NODE_ENV=production MAGICTUNNEL_CONFIG=/etc/hyphae/hyphae.yaml
USER hyphae
# Journal, logs and socket.
VOLUME /var/lib/hyphae
EXPOSE 8081 3001
WORKDIR /etc/hyphae
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["hyphae", "status", "--json"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/tini", "--", "hyphae"]
CMD ["up"]
