// Loads every store that is installed with the same samples and asks it the same questions; or the embedded one alone with many days of samples.
using System.Globalization;
using System.Text.Json;
using NetPulse.Store.Benchmarks;

if (args.Length == 0)
{
    Console.Error.WriteLine("usage: netpulse-bench-store OUT.json [path of netpulse-optimizer] [names of stores]\n       netpulse-bench-store year OUT.md [NODESxDAYS or NODESxPAST+DAYS ...]");
    return 64;
}

if (args is ["year", var page, .. var sizes])
{
    var lines = new List<string>();
    foreach (var size in sizes.Select(static size => size.Split("x+".AsSpan()).Select(static part => int.Parse(part, CultureInfo.InvariantCulture)).ToArray()))
    {
        lines.Add(await YearRun.OfAsync(size[0], size.Length > 2 ? size[1] : 0, size[^1]));
        Console.WriteLine(lines[^1]);
    }

    await File.WriteAllTextAsync(page, YearRun.Page(lines));
    return 0;
}

var loadBefore = StoreReport.Load();
const string InProcess = "netpulse-in-process";
var names = args.Skip(2).ToList();
var work = new Workload(TimeProvider.System.GetUtcNow());
var figures = new SortedDictionary<string, StoreFigures>(StringComparer.Ordinal);
if (names.Count == 0 || names.Contains(InProcess))
{
    figures[InProcess] = await InProcessRun.OfAsync(work);
    Say(InProcess);
}

foreach (var store in StoreUnderTest.All(args.ElementAtOrDefault(1) ?? "").Where(store => names.Count == 0 || names.Contains(store.Name)))
{
    if (store.Program is null)
    {
        Console.WriteLine($"{store.Name,-24} is not installed: left out");
        continue;
    }

    figures[store.Name] = await ServerRun.OfAsync(store, work);
    Say(store.Name);
}

Console.WriteLine($"{Workload.Samples:n0} samples each; load of this machine {StoreReport.Load()}: trust CPU seconds and ratios, not milliseconds");
var options = new JsonSerializerOptions { WriteIndented = true };
await File.WriteAllTextAsync(args[0], JsonSerializer.Serialize(figures, options) + "\n");
await File.WriteAllTextAsync(Path.ChangeExtension(args[0], ".md"), StoreReport.Of(figures, loadBefore));
return 0;

void Say(string name)
{
    var one = figures[name];
    Console.WriteLine($"{name,-24} {one.IngestSamplesPerCpuSecond / 1e6:f2} M samples/CPU s, {one.BytesPerSample:f2} bytes/sample, "
        + $"(a) {one.QueryAMilliseconds:f0} ms, (b) {one.QueryBMilliseconds:f0} ms, (c) {one.QueryCMilliseconds:f0} ms, {one.ResidentBeforeQueriesMebibytes:f0} and {one.ResidentMebibytes:f0} MiB, start {one.StartAfterKillSeconds:f1} s");
}
