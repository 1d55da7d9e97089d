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
        var groups = Enumerable.Range(0, engine.Universe).Select(c => c < engine.Pods.Count
            ? new PartyGroup([.. engine.Pods[c].Members.Select(static m => m.Name)], null)
            : new PartyGroup([], engine.Addresses.RangeOf(c - engine.Pods.Count))).ToList();
        var reached = groups.ConvertAll(_ => new SortedDictionary<int, List<PortRange>>());
        foreach (var slice in ConnectivityTable.Of(engine))
        {
            for (var from = 0; from < groups.Count; from++)
            {
                foreach (var to in slice.From[from].Members().Where(to => (groups[from].IsPods || groups[to].IsPods) && (from != to || groups[to].Pods.Length > 1)))
                {
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
