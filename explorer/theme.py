"""Colours, fonts and the style of widgets: one colour a concept, the same in every picture."""

from __future__ import annotations

from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True)
class Theme:
    """A set of colours. Concepts keep their hue in light and dark; only the lightness moves."""

    dark: bool
    ground: str  # behind the cards
    card: str
    raised: str  # buttons and fields on a card
    ink: str
    muted: str  # labels, axes
    border: str
    accent: str  # the one thing to press
    on_accent: str
    # concepts
    prior: str
    q: str  # q(z|x)
    exact: str  # p(z|x)
    reconstruction: str
    kl: str
    elbo: str
    cursor: str
    geodesic: str
    classes: tuple[str, ...]


# The concepts' hues are Okabe & Ito's (2008), the classes' mostly Paul Tol's (2021), who chose them to be
# told apart by colour-blind readers; greys are left to the manifold behind the points.
CLASSES = (
    "#0077bb", "#ee7733", "#cc3311", "#009988", "#aa4499",
    "#d1a90a", "#7a6fd0", "#ee6fa4", "#8a5a2b", "#33bbee",
)  # fmt: skip

LIGHT = Theme(
    dark=False,
    ground="#f3f5f8",
    card="#ffffff",
    raised="#f7f8fa",
    ink="#1b1f24",
    muted="#5b6675",
    border="#d9dfe7",
    accent="#2563eb",
    on_accent="#ffffff",
    prior="#6b7280",
    q="#0072b2",
    exact="#d55e00",
    reconstruction="#00815f",
    kl="#b0568b",
    elbo="#1b1f24",
    cursor="#b87400",
    geodesic="#6a35b0",
    classes=CLASSES,
)

DARK = Theme(
    dark=True,
    ground="#131519",
    card="#1d2026",
    raised="#272b33",
    ink="#e8eaee",
    muted="#9aa3b0",
    border="#343a45",
    accent="#6ea0ff",
    on_accent="#0b1220",
    prior="#9aa3b0",
    q="#56b4e9",
    exact="#f08c4a",
    reconstruction="#3ccf9f",
    kl="#e08fc0",
    elbo="#e8eaee",
    cursor="#f5b83d",
    geodesic="#bb9cff",
    classes=CLASSES,
)

FAINT = "#59"  # with the rest of a colour's name: so much of it that words in ink stand out from it


def current_theme() -> Theme:
    """The theme the application wears: whichever its palette was made from."""
    return DARK if QApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def system_theme() -> Theme:
    """The theme that the system asks for."""
    return DARK if QApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark else LIGHT


def theme_named(appearance: str) -> Theme:
    """The theme of an appearance: "light", "dark", or whatever the system asks for."""
    return {"light": LIGHT, "dark": DARK}.get(appearance) or system_theme()


def apply_theme(application: QApplication, theme: Theme) -> None:
    """Dress the whole application. Views repaint on the palette change that follows."""
    sheet = _style_sheet(theme)
    if application.styleSheet() != sheet:  # to dress every widget anew takes a while
        application.setStyle("Fusion")  # the same on every system, and it draws its arrows in our colours
        application.setPalette(_palette(theme))
        application.setStyleSheet(sheet)
    pg.setConfigOptions(
        imageAxisOrder="row-major", antialias=True, foreground=theme.muted, background=theme.card
    )


def _palette(theme: Theme) -> QPalette:
    roles = QPalette.ColorRole
    palette = QPalette()
    for role, colour in {
        roles.Window: theme.ground,
        roles.WindowText: theme.ink,
        roles.Base: theme.card,
        roles.AlternateBase: theme.raised,
        roles.Text: theme.ink,
        roles.Button: theme.raised,
        roles.ButtonText: theme.ink,
        roles.BrightText: theme.exact,
        roles.ToolTipBase: theme.card,
        roles.ToolTipText: theme.ink,
        roles.PlaceholderText: theme.muted,
        roles.Highlight: theme.accent,
        roles.HighlightedText: theme.on_accent,
        roles.Link: theme.accent,
        roles.Accent: theme.accent,
        roles.Mid: theme.border,
    }.items():
        palette.setColor(role, QColor(colour))
    faint = QColor(theme.muted)
    faint.setAlphaF(0.55)
    for role in (roles.Text, roles.ButtonText, roles.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, faint)
    return palette


def _style_sheet(theme: Theme) -> str:
    """Cards, tabs and buttons. Fields keep Fusion's own drawing, so that arrows and frames agree."""
    return f"""
        QWidget#card {{ background: {theme.card}; border: 1px solid {theme.border}; border-radius: 8px; }}
        QSplitter::handle {{ image: none; background: transparent; }}
        QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
        QScrollBar::handle:vertical {{ background: {theme.border}; border-radius: 4px; min-height: 24px; }}
        QScrollBar::add-line:vertical, QScrollBar::sub-line:vertical {{ height: 0; }}
        QScrollArea, QScrollArea > QWidget > QWidget#column {{ background: transparent; border: none; }}
        QLabel[role="title"] {{ color: {theme.muted}; font-weight: 600; }}
        QLabel[role="muted"] {{ color: {theme.muted}; }}
        QLabel[role="notice"] {{ color: {theme.ink}; background: {theme.raised};
            border: 1px solid {theme.border}; border-radius: 6px; padding: 6px 8px; }}
        QPushButton {{ color: {theme.ink}; background: {theme.raised}; border: 1px solid {theme.border};
            border-radius: 6px; padding: 5px 10px; }}
        QPushButton:hover {{ border-color: {theme.accent}; }}
        QPushButton:focus {{ border: 2px solid {theme.accent}; padding: 4px 9px; }}
        QPushButton:pressed, QPushButton:checked {{ background: {theme.accent}; color: {theme.on_accent};
            border-color: {theme.accent}; }}
        QPushButton:disabled {{ color: {theme.muted}; background: {theme.ground};
            border-color: {theme.border}; }}
        QPushButton[role="primary"] {{ background: {theme.accent}; color: {theme.on_accent};
            border-color: {theme.accent}; font-weight: 600; }}
        QPushButton[role="primary"]:disabled {{ background: {theme.ground}; color: {theme.muted};
            border-color: {theme.border}; }}
        QPushButton[role="layer"] {{ padding: 4px 8px; }}
        QPushButton[role="chip"] {{ background: transparent; border-color: transparent; padding: 3px 6px; }}
        QPushButton[role="chip"]:hover {{ border-color: {theme.border}; }}
        QPushButton[role="chip"]:checked {{ background: {theme.raised}; color: {theme.ink};
            border-color: {theme.accent}; }}
        QTabWidget::pane {{ border: none; }}
        QTabBar {{ qproperty-drawBase: 0; }}
        QTabBar::tab {{ color: {theme.muted}; background: transparent; border: none;
            border-bottom: 2px solid transparent; padding: 9px 16px 8px 16px; }}
        QTabBar::tab:hover {{ color: {theme.ink}; }}
        QTabBar::tab:selected {{ color: {theme.ink}; border-bottom: 2px solid {theme.accent}; }}
        QTabBar::tab:focus {{ color: {theme.accent}; }}
        QProgressBar {{ color: {theme.ink}; background: {theme.raised}; border: 1px solid {theme.border};
            border-radius: 6px; text-align: center; min-height: 1.5em; }}
        QProgressBar::chunk {{ background: {FAINT}{theme.accent[1:]}; border-radius: 5px; }}
        QStatusBar {{ color: {theme.muted}; }}
        QStatusBar::item {{ border: none; }}
        QToolTip {{ color: {theme.ink}; background: {theme.card}; border: 1px solid {theme.border};
            padding: 4px; }}
    """
