using NetPulse.Tests;

namespace NetPulse.Optimizer.Tests;

public sealed class FolderOrderTests
{
    [Fact]
    public void No_folder_names_a_later_one() =>
        new FolderOrder("Optimizer", ["Ingest", "Queries", "Cluster", "Detection", "Diagnosis", "Policies", "Proposals", "Profiles", "Apply", "Verify", "Journal", "Rollout", "Schedule", "Web"]).AssertHolds();
}
