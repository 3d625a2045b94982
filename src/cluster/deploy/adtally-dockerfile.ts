import { ADTALLY_IMAGE } from './images.ts';

/** adtally itself: nothing is built, Node runs it as it stands. The folder of the repository is the context. */
export function adtallyDockerfile(): string {
  return `# "adtally cluster render kubernetes" writes this file; change that, not this. From the root of the repository:
# docker build -f deploy/adtally.Dockerfile -t ${ADTALLY_IMAGE} .
FROM node:26-slim
WORKDIR /opt/adtally
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY src src
RUN ln -s /opt/adtally/src/cli/launcher.js /usr/local/bin/adtally
USER node
ENTRYPOINT ["adtally"]
`;
}
