using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using NetPulse.Benchmarks.Policies;

// One process a size, so that the memory of one is not that of another: this one only starts them.
var sizes = new (string Name, int Pods, int Policies, bool EveryPodItsOwn)[]
{
    ("1000/500", 1_000, 500, false),
    ("10000/5000", 10_000, 5_000, false),
    ("10000/5000, every pod its own class", 10_000, 5_000, true),
};
if (args is ["size", var chosen])
{
    // The smallest size once more before it counts: the compiler's time is not ours.
    _ = new Measurement(GeneratedCluster.Of(1_000, 500, false)).Rows("").ToList();
    var (name, pods, policies, everyPodItsOwn) = sizes[int.Parse(chosen, CultureInfo.InvariantCulture)];
    foreach (var row in new Measurement(GeneratedCluster.Of(pods, policies, everyPodItsOwn)).Rows(name))
    {
        Console.WriteLine(row);
    }

    return;
}

Console.WriteLine("| cluster (pods/policies) | what | measured | limit |");
Console.WriteLine("|---|---|---|---|");
for (var i = 0; i < sizes.Length; i++)
{
    using var child = Process.Start(Environment.ProcessPath!, [.. Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? [Assembly.GetExecutingAssembly().Location] : Array.Empty<string>(), "size", $"{i}"]);
    await child.WaitForExitAsync();
}

foreach (var row in RecommendationMeasurement.Rows())
{
    Console.WriteLine(row);
}
