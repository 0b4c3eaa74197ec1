"""What a page of the website may weigh, ask for and get wrong, and a visit in a browser that finds out.

`make audit` and `tests/web/test_audit.py` share this module: the limits stand here and nowhere else. A visit
measures what does not depend on the machine's speed; times and Lighthouse's scores are for `make audit`.
"""

from axe_playwright_python.sync_playwright import Axe

# Of a visit, the most that a page may have.
LIMITS = {
    "page_bytes": 200 * 1024,  # transferred until the page rests, without pictures and model weights
    "requests": 50,
    "foreign": 0,  # requests to any other host; none of them gets out
    "broken": 0,  # requests that the site answers with an error
    "layout_shift": 0,
    "axe_light": 0,  # places at which a rule is broken
    "axe_dark": 0,
    "axe_phone": 0,
    "unsized": 0,  # pictures without width and height
    "eager": 0,  # pictures below the first screen that do not wait until they are near
    "console": 0,  # errors and warnings; the theme tells the console more than that
}
# Of Lighthouse with its mobile preset, the least score and the longest times in milliseconds.
SCORES = {"performance": 100, "accessibility": 100, "best-practices": 100, "seo": 100}
TIMES = {"first_contentful_paint": 1200, "total_blocking_time": 50}

PHONE = {"width": 412, "height": 823}  # Lighthouse's
DESK = {"width": 1280, "height": 900}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# axe-core tries the size of targets only where asked, and would fetch the style sheets once more ("preload").
OPTIONS = {
    "runOnly": TAGS,
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
    "preload": False,
}
# What is another thing on a phone, and what is another in the dark theme.
PHONE_OPTIONS = OPTIONS | {
    "runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}
}
DARK_OPTIONS = OPTIONS | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}

# Most elements of a chapter are words of programs. Those of one kind have one colour, so the first of each
# kind on a page is tried for all: half the time, and a kind that cannot be read is found once.
SAME = """() => {
    const known = new Set();
    for (const word of document.querySelectorAll(".highlight pre span:not(:has(*))")) {
        const kind = `${word.className} in ${word.closest("[class*=highlight-]")?.className}`;
        word.toggleAttribute("data-same", known.has(kind));
        known.add(kind);
    }
}"""

WATCH = """
globalThis.shifts = [];
new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
        const texts = sources.map(({ node }) => node?.outerHTML ?? node?.textContent ?? "?");
        const moved = texts.map((text) => text.replace(/\\s+/g, " ").slice(0, 70));
        if (!hadRecentInput) shifts.push({ value, moved });
    }
}).observe({ type: "layout-shift", buffered: true });
"""
SHIFT = "shifts.reduce((sum, { value }) => sum + value, 0)"
MOVED = "shifts.flatMap(({ value, moved }) => moved.map((text) => `${value.toFixed(4)} ${text}`))"
PICTURES = """() => {
    const all = [...document.images];
    const isNear = (image) => image.checkVisibility() && image.getBoundingClientRect().top < innerHeight;
    const name = (image) => (image.getAttribute("src") ?? "").slice(-60);
    return {
        unsized: all.filter((image) => !image.matches("[width][height]")).map(name),
        eager: all.filter((image) => image.loading !== "lazy" && !isNear(image)).map(name),
    };
}"""
# Waits until pictures in sight have come, and figures that begin within so many screens: before one scrolls
# they start when they are in sight. What does not come at all says so in the console.
REST = """async (screens) => {
    const near = (element, reach) => {
        const { top, bottom } = element.getBoundingClientRect();
        return element.checkVisibility() && bottom > 0 && top < reach * innerHeight;
    };
    const all = (query, isHere) => [...document.querySelectorAll(query)].every(isHere);
    const rests = () =>
        all("img", (image) => image.complete || !near(image, 1)) &&
        all(".ib-slot", (slot) => slot.dataset.alive || !near(slot, screens));
    for (let count = 0; count < 600 && !rests(); count++) await new Promise(requestAnimationFrame);
}"""
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# A sidebar that comes or goes takes a moment, in which all parts change their widths.
AT_REST = """async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const ends = (one) => Number.isFinite(one.effect.getComputedTiming().endTime);
    await Promise.allSettled(document.getAnimations().filter(ends).map((one) => one.finished));
}"""
# Down to the end, a screen at a time; each time until what is in sight has come.
READ = f"""async () => {{
    const rest = {REST};
    for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight) {{
        scrollTo({{ top, behavior: "instant" }});
        await new Promise(requestAnimationFrame);
        await rest(1);
    }}
    scrollTo({{ top: 0, behavior: "instant" }});
}}"""
# The theme has changed, and no colour is on its way any more.
IS_DARK = """() =>
    document.documentElement.dataset.theme === "dark" &&
    !document.getAnimations().some((animation) => animation instanceof CSSTransition)
"""
# All requests but those to this machine go to a proxy that does not exist. (Playwright's own way to stop them
# would also stop the request for the page's icon.)
NOWHERE = "http://127.0.0.1:9"
# Playwright says so where it keeps a service worker away, which would fetch the whole book for later.
BLOCKED = "Service Worker registration blocked by Playwright"


# The type of the request for the page's icon, which browsers send when they like: it counts where it fails.
ICON = "Other"


class Traffic:
    """What a page asks for and gets, as the browser's developer tools count it."""

    def __init__(self, page, address):
        self.address, self.urls, self.kinds, self.sizes = address, {}, {}, {}
        self.foreign, self.broken = [], []
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self.sent)
        session.on("Network.responseReceived", self.answered)
        session.on("Network.loadingFinished", self.finished)
        session.send("Network.enable")

    def sent(self, event):
        """Note a request."""
        url = event["request"]["url"]
        if url.startswith(self.address) and event.get("type") != ICON:
            self.urls[event["requestId"]] = url.removeprefix(self.address)
            self.kinds[event["requestId"]] = self.kind(url, event.get("type"))
        elif not url.startswith((self.address, "data:", "blob:")):
            self.foreign.append(url)

    def answered(self, event):
        """Note an answer that is an error, such as 404."""
        if event["response"]["status"] >= 400:
            self.broken.append(event["response"]["url"])

    def finished(self, event):
        """Note how many bytes came, headers and all."""
        self.sizes[event["requestId"]] = event["encodedDataLength"]

    @staticmethod
    def kind(url, resource):
        """Return what a request is for: a picture, a figure's photograph or weights, or the page itself."""
        if "/_static/figures/assets/" in url:
            return "asset"
        return "picture" if resource == "Image" and "/_static/" not in url else "page"

    def totals(self):
        """Return bytes by kind, and the numbers of requests."""
        sums = dict.fromkeys(("page", "picture", "asset"), 0)
        for request, kind in self.kinds.items():
            sums[kind] += round(self.sizes.get(request, 0))
        return {
            **{f"{kind}_bytes": size for kind, size in sums.items()},
            "bytes": sum(sums.values()),
            "requests": len(self.kinds) + len(self.foreign),
            "foreign": len(self.foreign),
        }

    def heaviest(self):
        """Return what the page itself is made of, the heaviest first: "bytes address"."""
        sizes = {
            request: self.sizes.get(request, 0) for request, kind in self.kinds.items() if kind == "page"
        }
        ordered = sorted(sizes, key=sizes.get, reverse=True)
        return [f"{sizes[request]:,.0f} {self.urls[request]}" for request in ordered]


def visit(browser, address, path):
    """Return what a page weighs, asks for and gets wrong: numbers, and under "details" what they count.

    One load in a fresh context: on a phone until it rests, then read to its end, then as on a desk, in the
    light and in the dark theme. No request leaves this machine.
    """
    context = browser.new_context(
        viewport=PHONE,
        device_scale_factor=1.75,
        color_scheme="light",
        service_workers="block",
        proxy={"server": NOWHERE, "bypass": "127.0.0.1"},
    )
    try:
        context.add_init_script(WATCH)
        page = context.new_page()
        console = []
        page.on("pageerror", lambda error: console.append(f"error: {error}"))
        page.on("console", lambda message: console.append(f"{message.type}: {message.text}"))
        traffic = Traffic(page, address)
        page.goto(f"{address}{path}.html", wait_until="networkidle")
        page.evaluate(REST, 1)
        found = traffic.totals()
        found["layout_shift"] = round(page.evaluate(SHIFT), 3)
        details = {"layout_shift": page.evaluate(MOVED), "page_bytes": traffic.heaviest()}
        lists = page.evaluate(PICTURES)
        page.evaluate(READ)
        found |= {f"read_{key}": value for key, value in traffic.totals().items()}
        found["read_layout_shift"] = round(page.evaluate(SHIFT), 3)
        lists["axe_phone"] = axe(page, PHONE_OPTIONS)
        page.set_viewport_size(DESK)
        page.wait_for_function("width => innerWidth === width", arg=DESK["width"])
        page.evaluate(AT_REST)
        page.evaluate(FRAMES)  # in which the page finds out which of its parts can be scrolled
        lists["axe_light"] = axe(page, OPTIONS)
        page.emulate_media(color_scheme="dark")
        page.wait_for_function(IS_DARK)
        lists["axe_dark"] = axe(page, DARK_OPTIONS)
        lists |= {"foreign": traffic.foreign, "broken": traffic.broken}
        lists["console"] = [
            message for message in console if message.startswith(("error", "warn")) and BLOCKED not in message
        ]
    finally:
        context.close()
    return found | {key: len(value) for key, value in lists.items()} | {"details": details | lists}


def axe(page, options):
    """Return what axe-core finds on the whole page: "rule: where", one for each place."""
    page.evaluate(SAME)
    found = Axe().run(page, context={"exclude": [["[data-same]"]]}, options=options)
    violations = found.response["violations"]
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}" for rule in violations for node in rule["nodes"]
    ]


def beyond(found):
    """Return a sentence for each limit that a visit found broken."""
    return [
        f"{key}: {found[key]:,}, at most {most:,}" + listed(found["details"].get(key, []))
        for key, most in LIMITS.items()
        if found[key] > most
    ]


def listed(lines, most=5):
    """Return the first of some lines, to follow a number."""
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return "".join(f"\n    {line}" for line in [*lines[:most], *more])
