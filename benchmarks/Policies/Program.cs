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

    return 0;
}

if (args is not ([] or ["--results", _]))
{
    Console.Error.WriteLine("usage: netpulse-bench-policies [--results FILE]");
    return 64;
}

var page = new ResultsPage();
for (var i = 0; i < sizes.Length; i++)
{
    var itself = Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? [Assembly.GetExecutingAssembly().Location] : Array.Empty<string>();
    using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath, [.. itself, "size", $"{i}"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
    while (await child.StandardOutput.ReadLineAsync() is { } row)
    {
        page.Add(row);
    }

    await child.WaitForExitAsync();
    if (child.ExitCode != 0)
    {
        return child.ExitCode;
    }
}

foreach (var row in RecommendationMeasurement.Rows())
{
    page.Add(row);
}

if (args is ["--results", var file])
{
    await File.WriteAllTextAsync(file, page.ToString());
}

return 0;
