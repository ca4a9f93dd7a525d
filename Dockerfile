# syntax=docker/dockerfile:1
# docker build -t btcdmon-node .
# docker run -d --read-only --cap-drop ALL --security-opt no-new-privileges -v btcdmon:/data btcdmon-node --join
FROM node:22.21.1-bookworm-slim AS build
WORKDIR /build
# Packages come first, because they change less often than sources. No package's script is run (.npmrc), so no
# compiler is needed.
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts/
COPY types types/
COPY src src/
RUN npm run build && npm prune --omit=dev

FROM node:22.21.1-bookworm-slim
# One arena of glibc's allocator for all threads, and no lists of freed pieces for each, take 8 MB less.
ENV NODE_ENV=production BTCDMON_DATA_DIR=/data HOME=/data MALLOC_ARENA_MAX=1 \
    GLIBC_TUNABLES=glibc.malloc.tcache_count=0
WORKDIR /app
COPY --from=build /build/node_modules node_modules/
COPY package.json LICENSE ./
COPY bin bin/
COPY --from=build /build/dist dist/
# The program belongs to root; it writes only to /data.
RUN ln -s /app/bin/btcdmon-node /usr/local/bin/btcdmon-node && install -d -o 10001 -g 10001 -m 0700 /data
USER 10001:10001
VOLUME /data
# The program handles SIGTERM itself, also as process 1: it delivers queued points within 4 seconds.
STOPSIGNAL SIGTERM
# Checks that the store answers and has the node's account of the last minute. This works without the page.
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s \
  CMD ["sh", "-c", "btcdmon-node query btcdmon --since 1m --limit 1 --format csv | grep -q ,"]
ENTRYPOINT ["node", "/app/bin/btcdmon-node"]
