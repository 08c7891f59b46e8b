/** The bundler gives the file's bytes. */
declare const weights: ArrayBuffer
export default weights
