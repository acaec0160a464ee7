"""One of two models beside each other: which it is, its plane, what it decodes to, and its terms."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout

from explorer.comparison import Comparison, Side, What
from explorer.session import Session
from explorer.settings import Settings
from explorer.views.card import Card, button, styled_label
from explorer.views.compare_plane import ComparePlane
from explorer.views.model_boxes import known_models
from explorer.views.model_words import elbo_terms, scoring
from explorer.views.numbers import number
from explorer.views.picture_view import PictureView
from explorer.views.posterior_card import code_in_words, terms_in_words
from explorer.workspace import OpenedModel

UNTRAINED = "The same as beside, untrained"


class CompareSide(Card):
    """A model box, a plane, the picture at the cursor, the input's reconstruction and ELBO."""

    def __init__(self, session: Session, settings: Settings, side: Side, place: str) -> None:
        super().__init__()
        self._session, self._settings, self._side = session, settings, side
        self._comparison: Comparison = session.comparison
        self.box = QComboBox()
        self.box.setObjectName(f"compare{place}Box")
        self.box.setAccessibleName(f"The model on the {place.lower()}")
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(12)
        self.plane = ComparePlane(self._comparison, side, f"compare{place}Plane")
        self.home = button("Home", "Show the whole plane again (Home)", role="layer")
        self.home.clicked.connect(self.plane.go_home)
        row = QHBoxLayout()
        row.addWidget(self.box, 1)
        row.addWidget(self.home)
        self._facts = styled_label("", "muted")
        self._facts.setWordWrap(True)
        self.body.addLayout(row)
        self.body.addWidget(self._facts)
        self.body.addWidget(self.plane, 1)
        self.body.addLayout(self._results(place))
        self.box.activated.connect(self._choose)
        self._comparison.changed.connect(self._list)
        side.workspace.model_changed.connect(self._describe)
        side.exploration.cursor_moved.connect(self._show_decoded)
        side.exploration.chart_changed.connect(self._show_decoded)
        side.exploration.posterior_changed.connect(self._show_posterior)

    def _results(self, place: str) -> QHBoxLayout:
        self.decoded = PictureView(f"compare{place}Decoded", "The picture decoded at z", "…", least=76)
        self.reconstruction = PictureView(
            f"compare{place}Reconstruction", "The input's reconstruction", "", least=76
        )
        self._place = styled_label("decoded at z", "muted")
        row = QHBoxLayout()
        row.setSpacing(10)
        for view, caption in (
            (self.decoded, self._place),
            (self.reconstruction, styled_label("reconstruction", "muted")),
        ):
            view.setFixedSize(96, 96)
            caption.setWordWrap(True)
            caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column = QVBoxLayout()
            column.setSpacing(3)
            column.addWidget(view, alignment=Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(caption)
            row.addLayout(column)
        self.terms = QLabel()
        self.terms.setObjectName(f"compare{place}Terms")
        self.terms.setTextFormat(Qt.TextFormat.RichText)
        self.terms.setWordWrap(True)
        row.addWidget(self.terms, 1)
        return row

    # --- which model

    @Slot()
    def _list(self) -> None:
        """What can be chosen: the open model, the run, the other's twin, files."""
        side, opened = self._side, self._session.workspace.model
        with QSignalBlocker(self.box):
            self.box.clear()
            self.box.addItem(f"Open: {opened.title}" if opened is not None else "The open model", What.OPEN)
            live = self._comparison.live_title
            if live is not None:
                self.box.addItem(live, What.LIVE)
            elif side.choice is What.LIVE:
                self.box.addItem(self._title(), What.LIVE)
            self.box.addItem(UNTRAINED, What.UNTRAINED)
            files = known_models(self._session.workspace.places, self._settings)
            if isinstance(side.choice, Path):
                files.setdefault(side.choice, side.choice.stem)
            for path, title in files.items():
                self.box.addItem(title, path)
            self.box.setCurrentIndex(self._place_of(side.choice))
        self.box.setToolTip(self._title())

    def _title(self) -> str:
        model = self._side.workspace.model
        return model.title if model is not None else ""

    def _place_of(self, choice: What | Path) -> int:
        return next((n for n in range(self.box.count()) if self.box.itemData(n) == choice), -1)

    @Slot(int)
    def _choose(self, place: int) -> None:
        self._comparison.choose(self._side, self.box.itemData(place))

    @Slot(object)
    def _describe(self, model: OpenedModel) -> None:
        """What may tell the two apart."""
        checkpoint = model.checkpoint
        config, history = checkpoint.model.config, checkpoint.history
        words = [config.family, f"{model.latent_dim}-D"]
        if config.family != "autoencoder":
            words.append(f"β {checkpoint.training.beta:g}")
        if history:
            words.append("1 epoch" if len(history) == 1 else f"{len(history)} epochs")
            bound = "reconstruction" if config.family == "autoencoder" else "ELBO"
            words.append(f"test {bound} {number(history[-1].test.elbo, 1)} nats")
        elif self._side.choice is What.UNTRAINED:
            words.append("untrained")
        self._facts.setText(" · ".join(words))
        self._show_posterior()

    # --- what it makes of z and of x

    @Slot()
    def _show_decoded(self) -> None:
        exploration = self._side.exploration
        self.decoded.show_picture(exploration.picture)
        names, values = exploration.chart.short_names, [number(value) for value in exploration.cursor]
        along = [f"{name} = {value}" for name, value in zip(names, values, strict=False)]
        whole = f"z = ({', '.join(values[: len(names)])})"
        self._place.setText(",\n".join(along) if len(exploration.z) > 2 else whole)

    @Slot()
    def _show_posterior(self) -> None:
        posterior, model = self._side.exploration.posterior, self._side.workspace.model
        self.reconstruction.show_picture(None if posterior is None else posterior.picture)
        if posterior is not None and model is not None:
            config = model.checkpoint.model.config
            self.terms.setToolTip(f"{elbo_terms(config)} {scoring(config)}")
            self.terms.setText(code_in_words(posterior) if posterior.is_point else terms_in_words(posterior))
            return
        self.terms.setToolTip("")
        selection = self._side.inputs.selection
        if model is None:
            self.terms.setText("The model is being opened …")
        elif selection is None:
            self.terms.setText("No image is chosen.")
        else:
            sizes = (" × ".join(map(str, size)) for size in (selection.picture.shape, model.image_shape))
            self.terms.setText("The image is {}, this model takes {}.".format(*sizes))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self.isVisible():
            self._show_posterior()
