/** A file of a deployment. */
export interface RenderedFile {
  /** Below the folder of the deployment. */
  readonly path: string;
  readonly text: string;
}
