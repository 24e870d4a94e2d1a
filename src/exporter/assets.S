/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of the page, as they are. Paths start at the top of the tree. */
	.section .rodata
	.macro asset name, path
	.global asset_\name
	.hidden asset_\name
	.global asset_\name\()_end
	.hidden asset_\name\()_end
asset_\name:
	.incbin "\path"
asset_\name\()_end:
	.endm

	asset index_html, "src/exporter/page/index.html"
	asset app_js, "src/exporter/page/app.js"
	asset style_css, "src/exporter/page/style.css"
	asset icon_svg, "src/exporter/page/icon.svg"

	.section .note.GNU-stack, "", %progbits
