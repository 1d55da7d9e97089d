using NetPulse.Tests;

namespace NetPulse.Lab.Tests;

public sealed class FolderOrderTests
{
    [Fact]
    public void No_folder_names_a_later_one() =>
        new FolderOrder("Lab", ["Interop", "Topology", "Forwarding", "Load", "Scenarios", "Demo", "Judge", "Commands"]).AssertHolds();
}
