using NetPulse.Tests;

namespace NetPulse.Telemetry.Tests;

public sealed class FolderOrderTests
{
    [Fact]
    public void No_folder_names_a_later_one() =>
        new FolderOrder("Telemetry", ["Units", "Workloads", "Series", "Samples", "Exposition", "Store", "Query"]).AssertHolds();
}
