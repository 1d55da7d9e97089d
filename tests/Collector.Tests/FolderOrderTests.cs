using NetPulse.Tests;

namespace NetPulse.Collector.Tests;

public sealed class FolderOrderTests
{
    [Fact]
    public void No_folder_names_a_later_one() =>
        new FolderOrder("Collector", ["Kernel", "Attribution", "Sources", "Sampling", "Export"]).AssertHolds();
}
