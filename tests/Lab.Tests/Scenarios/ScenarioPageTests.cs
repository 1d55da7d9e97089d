using System.Runtime.CompilerServices;
using NetPulse.Lab.Scenarios;

namespace NetPulse.Lab.Tests.Scenarios;

public sealed class ScenarioPageTests
{
    [Fact]
    public void The_page_shows_the_scenarios_as_they_are() => Assert.True(
        File.ReadAllText(Page()) == ScenarioPage.Markdown(),
        "docs/lab.md is stale: artifacts/bin/NetPulse.Lab/release/netpulse-lab scenarios > docs/lab.md");

    private static string Page([CallerFilePath] string test = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(test)!, "../../../docs/lab.md"));
}
