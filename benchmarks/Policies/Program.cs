using System.Diagnostics;
using NetPulse.Benchmarks.Policies;
using NetPulse.Optimizer.Policies;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;

// Without arguments all sizes; with one, those whose name contains it.
var sizes = new (string Name, int Pods, int Policies, bool EveryPodItsOwn)[]
{
    ("1000/500", 1_000, 500, false),
    ("10000/5000", 10_000, 5_000, false),
    ("10000/5000, every pod its own class", 10_000, 5_000, true),
};

// The first size once more before it counts: the compiler's time is not ours.
Measure("warm-up", GeneratedCluster.Of(1_000, 500, false));
foreach (var (name, pods, policies, everyPodItsOwn) in sizes.Where(s => args.Length == 0 || s.Name.Contains(args[0], StringComparison.Ordinal)))
{
    Console.WriteLine(Measure(name, GeneratedCluster.Of(pods, policies, everyPodItsOwn)));
}

static string Measure(string name, PolicyInputs inputs)
{
    const int Questions = 20_000;
    var start = Stopwatch.GetTimestamp();
    var engine = PolicyEngine.Build(inputs);
    var built = Stopwatch.GetElapsedTime(start);

    start = Stopwatch.GetTimestamp();
    var reachable = ConnectivityTable.Of(engine).Sum(slice => Enumerable.Range(0, engine.Pods.Count).Sum(c => (long)slice.From[c].Size() * engine.Pods[c].Members.Count));
    var table = Stopwatch.GetElapsedTime(start);

    var random = new Random(1);
    start = Stopwatch.GetTimestamp();
    var allowed = 0;
    for (var i = 0; i < Questions; i++)
    {
        var (from, to) = (engine.Parties[random.Next(engine.Parties.Length)], engine.Parties[random.Next(engine.Parties.Length)]);
        allowed += engine.Ask(from, to, TransportProtocol.Tcp, 8080).IsAllowed ? 1 : 0;
    }

    var pair = Stopwatch.GetElapsedTime(start) / Questions;
    using var process = Process.GetCurrentProcess();
    return $"{name}: {engine.Pods.Count} pod classes, {engine.Ports.Count} port classes; built in {built.TotalSeconds:F2} s, full table in {table.TotalSeconds:F2} s ({reachable} ways), "
        + $"one pair {pair.TotalMicroseconds:F1} us ({100.0 * allowed / Questions:F0} % allowed), peak {process.PeakWorkingSet64 >> 20} MiB";
}
