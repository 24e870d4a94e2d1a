/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of the page, each up to its end: see assets.S. */
#ifndef EXPORTER_ASSETS_H
#define EXPORTER_ASSETS_H

extern const char asset_index_html[], asset_index_html_end[];
extern const char asset_app_js[], asset_app_js_end[];
extern const char asset_style_css[], asset_style_css_end[];
extern const char asset_icon_svg[], asset_icon_svg_end[];

#endif /* EXPORTER_ASSETS_H */
