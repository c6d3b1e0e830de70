// Help: the keys, and why nobody presses GO or the stop by accident. It lies below the bar,
// so that the stop stays in sight.

import { html, useEffect, useRef } from "./vendor/preact-htm.js";
import { Button } from "./parts.js";

export function Help({ onTheme, onClose }) {
  const close = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    close.current.querySelector("[data-test]").focus();
    return () => before?.focus?.();
  }, []);
  return html`<div class="help-veil" role="dialog" aria-modal="false" aria-labelledby="help-title" data-test="help">
    <div class="panel help">
      <header class="panel-head" ref=${close}><h1 id="help-title">Keys and hands</h1><div class="buttons"><${Button} class="plain-button" onPress=${onTheme}>Dark or light<//><${Button} class="plain-button strong" data-test="close-help" onPress=${onClose}>Close<//></div></header>
      <dl>
        <dt><kbd>Space</kbd></dt><dd><b>GO</b> of the list in sight, on the page Now</dd>
        <dt><kbd>Esc</kbd></dt><dd><b>Emergency stop</b>, on every page, at once</dd>
        <dt><kbd>7</kbd> <kbd>8</kbd> <kbd>9</kbd> <kbd>0</kbd></dt><dd>Now, Stage, Network, Log</dd>
        <dt><kbd>?</kbd></dt><dd>this help, and away again</dd>
      </dl>
      <h3>Why GO is not pressed by accident</h3>
      <p>Space is GO only where the GO button is in sight, and only if nothing else has the focus: in a field it is a blank, on a button reached with the tab key it presses that button. A button pressed by mouse or finger lets go of the focus, so that the next space is GO again. A key that is held down counts once, and for half a second after a GO there is no other, also for the button. It is off while this help is open.</p>
      <h3>Why the stop is not pressed by accident</h3>
      <p>A stop must never be hard, so Escape asks for nothing. Instead there is nothing near it: no other key of this page lies within five keys of Escape, or in the rows next to the space bar, so that a finger that misses its key by one, or by two, hits neither; only the question mark may, and that needs shift, with which the space bar does nothing. Nothing here is closed or cleared with Escape, so there is no habit that leads to it. The button has the corner of every page for itself, away from GO, and is larger than anything near it.</p>
      <h3>Why the release is hard</h3>
      <p>A stop by mistake costs a moment; a release by mistake can hurt somebody. While machinery is held the whole page has a striped frame, and the release wants to be kept pressed for more than a second; by keyboard or screen reader it is pressed twice.</p>
      <p>If the stop does not get through, the page says so in red. It is asked for by two ways at once, and asking twice does no harm. This button is no substitute for the stop on the machine.</p>
      <h3>Cues</h3>
      <p>Tap a cue to arm it: GO then fires that one, and Jump goes to the look at it. Tap it again and GO fires the next one as before.</p>
      <h3>Stage</h3>
      <p>Tap fixtures or draw a frame around several; with a mouse, shift adds. Pinch or wheel enlarges; when enlarged, one finger moves the picture, and so does the middle button. What you move in the panel is <b class="hold-word">◆ held</b> above the script until you let go. <b>Copy as Lua</b> gives the look as text for a cue. Why tells from what goes out back to the line of the script.</p>
      <h3>Nothing happens?</h3>
      <p>No light, no beat, no timecode, machines that do not move: in a terminal, showrun help nothing-happens goes with you from the script to the lamp.</p>
      <h3>Signs</h3>
      <p>▶ on · ▷ next · ◎ armed · ★ leads · ◉ on air · ● there · ◐ waiting · ✕ missing or failed · ◆ held by hand · ■ held by an emergency stop. Diamonds are lamps that move, squares have no colour of their own, all others are round.</p>
    </div></div>`;
}
