using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Commands;

/// <summary><c>policies table SOURCE</c>: everyone to everyone, pods that no policy tells apart in one line.</summary>
internal static class TableCommand
{
    public static async Task<int> RunAsync(Arguments arguments, TextWriter output, TextWriter errors)
    {
        var source = arguments.Required("the manifests");
        arguments.End();
        var engine = await ManifestEngine.BuildAsync(source, errors);
        List<int> order = [.. engine.PodClasses.OrderBy(c => engine.PodClass(c)!.Members[0], StringComparer.Ordinal), .. engine.Addresses.Ranges.Select(static r => r.Class)];
        var ranges = engine.Addresses.Ranges.ToDictionary(static r => r.Class, static r => (r.First, r.Last));
        var groups = order.ConvertAll(c => engine.PodClass(c) is { } pods ? new PartyGroup([.. pods.Members], null) : new PartyGroup([], ranges[c]));
        var reached = groups.ConvertAll(_ => new SortedDictionary<int, List<PortRange>>());
        foreach (var slice in ConnectivityTable.Of(engine))
        {
            for (var from = 0; from < groups.Count; from++)
            {
                for (var to = 0; to < groups.Count; to++)
                {
                    // A pod that is alone in its group always reaches itself.
                    if (!slice.From[order[from]].Contains(order[to]) || (from == to && groups[to].Pods.Length == 1))
                    {
                        continue;
                    }

                    if (!reached[from].TryGetValue(to, out var ports))
                    {
                        reached[from][to] = ports = [];
                    }

                    ports.Add(slice.Ports);
                }
            }
        }

        for (var from = 0; from < groups.Count; from++)
        {
            await output.WriteLineAsync(groups[from].ToString());
            foreach (var (to, ports) in reached[from])
            {
                await output.WriteLineAsync($"  -> {groups[to]}: {PortText.Of(ports)}");
            }

            if (reached[from].Count == 0)
            {
                await output.WriteLineAsync("  -> nobody");
            }
        }

        return 0;
    }
}
