import { type ComponentType, type ReactNode, useEffect } from 'react';

interface Props {
  as?: ComponentType<{ children?: ReactNode }>;
  enabled?: boolean;
  allowPinchZoom?: boolean;
  shards?: unknown;
  children?: ReactNode;
}

let locks = 0;

/**
 * Keeps the page from scrolling behind a dialog. Stands in for the package of this name (vite.config.ts), which Radix uses and which
 * does it by a style element; this sets the style by script, as the content security policy has it.
 */
export function RemoveScroll({ as: As, enabled = true, allowPinchZoom: _zoom, shards: _shards, children, ...rest }: Props) {
  useEffect(() => {
    if (!enabled) return;
    locks += 1;
    document.documentElement.style.overflow = 'hidden';
    return () => {
      locks -= 1;
      if (locks === 0) document.documentElement.style.overflow = '';
    };
  }, [enabled]);
  return As ? <As {...rest}>{children}</As> : <div {...rest}>{children}</div>;
}
