"""Taking an upload in (`SisBatch.create_with_attachment`)."""

from sandbox.sis.batch import Options, SisBatch
from sandbox.sis.queue import wake
from sandbox.world import World


def take_in(
    world: World, account_id: int, user_id: int, upload: tuple[str, bytes], options: Options
) -> SisBatch:
    """Keep an upload (its file name and content) as an import of a root account, and see to it in time."""
    now, (file_name, content) = world.clock.now(), upload
    batch = SisBatch(world.next_id("sis_batch"), account_id, user_id, now, now, file_name, content, options)
    world.add_sis_batch(batch)
    wake(world)
    return batch
