using NetPulse.Tests;

namespace NetPulse.Tuner.Tests;

public sealed class FolderOrderTests
{
    [Fact]
    public void No_folder_names_a_later_one() =>
        new FolderOrder("Tuner", ["Knobs", "Namespaces", "Desired"]).AssertHolds();
}
