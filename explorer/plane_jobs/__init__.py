"""What the plane thread computes: a file for each kind of question."""

from __future__ import annotations

from explorer.plane_jobs.code_grids import CodeGrids
from explorer.plane_jobs.data_gaps import DataGapsJob
from explorer.plane_jobs.evidence import EvidenceJob
from explorer.plane_jobs.job import Job
from explorer.plane_jobs.known_gaps import KnownGaps
from explorer.plane_jobs.maps import MapsJob
from explorer.plane_jobs.near_data import NearDataJob
from explorer.plane_jobs.paths import GeodesicJob, PathsJob
from explorer.plane_jobs.points import PointsJob
from explorer.plane_jobs.posterior import PosteriorJob
from explorer.plane_jobs.tiles import TilesJob
from explorer.plane_jobs.traversals import TraversalsJob
from explorer.plane_jobs.units import UnitsJob


def make_jobs() -> tuple[Job, ...]:
    """One for each kind of question. What the eye waits for comes first."""
    grids = CodeGrids()
    gaps = KnownGaps(grids)
    return (
        *(PosteriorJob(), TilesJob(), PathsJob(), TraversalsJob(), UnitsJob(), EvidenceJob(grids)),
        *(NearDataJob(), PointsJob(), GeodesicJob(), MapsJob(gaps), DataGapsJob(gaps)),
    )
