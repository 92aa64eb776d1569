import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

/** A dialog of the browser's own, which holds the focus and closes with Escape. */
export function Box(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    box.current?.showModal();
  }, []);
  return (
    <dialog
      ref={box}
      aria-labelledby={id}
      onClose={props.onClose}
      class={props.wide === true ? 'wide' : ''}
    >
      <h2 id={id}>{props.title}</h2>
      {props.children}
    </dialog>
  );
}
