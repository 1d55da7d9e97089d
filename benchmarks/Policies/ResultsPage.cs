using System.Globalization;
using System.Runtime.InteropServices;

namespace NetPulse.Benchmarks.Policies;

/// <summary>Rows as they come, and the page that they become: on which machine, when, and what else ran there.</summary>
internal sealed class ResultsPage
{
    private static readonly string[] Heading = ["| cluster (pods/policies) | what | measured | limit |", "|---|---|---|---|"];

    private readonly List<string> rows = [.. Heading];
    private readonly string loadBefore = Load();

    public ResultsPage()
    {
        foreach (var line in Heading)
        {
            Console.WriteLine(line);
        }
    }

    public void Add(string row)
    {
        Console.WriteLine(row);
        rows.Add(row);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""
        # The policy engine

        Written by `make bench`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}: {Environment.ProcessorCount} cores ({Processor()}), load average {loadBefore} before and {Load()} after,
        {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}. Generated clusters (benchmarks/Policies/GeneratedCluster.cs), one process a size, warm.
        An event or a what-if: 100 of them; the longest hold what the garbage collector and the machine's other work took.

        {string.Join('\n', rows)}

        """);

    private static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static string Processor() => File.ReadLines("/proc/cpuinfo").FirstOrDefault(static l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";
}
