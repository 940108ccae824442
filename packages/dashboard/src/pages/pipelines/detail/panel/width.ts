/** Pixels that the panel of a stage takes at the right of the page; on narrower screens all of it. */
export const PANEL_WIDTH = 544;
