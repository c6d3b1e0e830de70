// Tells which texts of the page can hardly be read: [{text, ratio, color, on, where}], with
// the ratio of WCAG 2 between the colour of a text and what it stands on, under least.
(least) => {
  const probe = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })
  const parsed = new Map()
  // rgba is any CSS colour as [red, green, blue, alpha], each 0-1.
  const rgba = (css) => {
    if (!parsed.has(css)) {
      probe.clearRect(0, 0, 1, 1)
      probe.fillStyle = "#0000"
      probe.fillStyle = css
      probe.fillRect(0, 0, 1, 1)
      parsed.set(css, [...probe.getImageData(0, 0, 1, 1).data].map((v) => v / 255))
    }
    return parsed.get(css)
  }
  const over = (top, bottom) => {
    const alpha = top[3] + bottom[3] * (1 - top[3])
    if (alpha === 0) return [0, 0, 0, 0]
    return [0, 1, 2].map((i) => (top[i] * top[3] + bottom[i] * bottom[3] * (1 - top[3])) / alpha).concat(alpha)
  }
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  const luminance = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2])
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
    return (high + 0.05) / (low + 0.05)
  }
  const hex = (c) => "#" + c.slice(0, 3).map((v) => Math.round(v * 255).toString(16).padStart(2, "0")).join("")

  // paints is what an element paints behind its text: layers of possible colours.
  const paints = (e) => {
    const s = getComputedStyle(e)
    if (e instanceof SVGElement && !(e instanceof SVGSVGElement)) {
      return e instanceof SVGGeometryElement && s.fill !== "none" ? [[rgba(s.fill)]] : []
    }
    const stops = s.backgroundImage.includes("gradient(") ? s.backgroundImage.match(/(?:rgba?|oklch|oklab|hsla?|color)\([^()]*\)|#[0-9a-f]{3,8}/gi) ?? [] : []
    const layers = [[rgba(s.backgroundColor)]]
    if (stops.length) layers.unshift(stops.map(rgba))
    return layers
  }
  const ancestors = (e) => {
    const list = []
    for (; e; e = e.parentElement) list.push(e)
    return list
  }
  // beneath is all that a text of an element may stand on.
  const beneath = (e, x, y) => {
    const stack = document.elementsFromPoint(x, y)
    const from = stack.indexOf(e)
    let grounds = [[0, 0, 0, 0]]
    for (const under of from < 0 ? ancestors(e) : stack.slice(from)) {
      for (const layer of paints(under)) {
        grounds = grounds.flatMap((g) => layer.map((c) => over(g, c)))
      }
    }
    const canvas = rgba(getComputedStyle(document.documentElement).colorScheme.startsWith("dark") ? "#121212" : "#fff")
    return grounds.map((g) => over(g, canvas))
  }
  const where = (e) => ancestors(e).slice(0, 3).reverse()
    .map((a) => a.localName + [...a.classList].map((c) => "." + c).join("")).join(" > ")

  const faint = []
  const judge = (e, text, rect) => {
    if (rect.width < 2 || rect.height < 2 || e.closest(":disabled, [aria-disabled=true]")) return
    if (!e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return
    const s = getComputedStyle(e)
    const ink = [...rgba(e instanceof SVGElement ? s.fill : s.color)]
    for (const a of ancestors(e)) ink[3] *= Number(getComputedStyle(a).opacity)
    for (const ground of beneath(e, rect.left + rect.width / 2, rect.top + rect.height / 2)) {
      const ratio = contrast(over(ink, ground), ground)
      if (ratio < least) {
        faint.push({ text: text.trim().slice(0, 40), ratio: Math.round(ratio * 100) / 100, color: hex(over(ink, ground)), on: hex(ground), where: where(e) })
        return
      }
    }
  }
  // The page is left as it was scrolled.
  const scrolled = [...document.querySelectorAll("*")].map((e) => [e, e.scrollLeft, e.scrollTop])
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const place = { block: "nearest", inline: "nearest" }
  while (texts.nextNode()) {
    const node = texts.currentNode, e = node.parentElement
    if (!node.data.trim() || e.closest("script, style, noscript, template, option")) continue
    e.scrollIntoView(place)
    const range = document.createRange()
    range.selectNodeContents(node)
    judge(e, node.data, range.getBoundingClientRect())
  }
  for (const field of document.querySelectorAll("input, textarea, select")) {
    if (["range", "checkbox", "radio", "color"].includes(field.type)) continue
    field.scrollIntoView(place)
    judge(field, field.value || field.placeholder || field.name, field.getBoundingClientRect())
  }
  for (const [e, left, top] of scrolled) e.scrollTo({ left, top, behavior: "instant" })
  return faint
}
