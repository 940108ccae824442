/** A move that cannot be made, in words for whoever asked for it. Nothing was changed. */
export class MoveRefused extends Error {
  override readonly name = 'MoveRefused';
}
