/** adtally itself: nothing is built, Node runs it as it stands. The folder of the repository is the context. */
export function adtallyDockerfile(): string {
  return `# "adtally cluster render kubernetes" writes this file; change that, not this. From the root of the repository:
# docker build -f deploy/adtally.Dockerfile -t adtally/adtally:0.1.0 .
FROM node:26-slim
WORKDIR /opt/adtally
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY src src
USER node
ENTRYPOINT ["node", "/opt/adtally/src/cli/main.ts"]
`;
}
