using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Commands;

/// <summary><c>policies exposure SOURCE</c>: what a pod that is not there yet could reach and be reached by, for one namespace or for each.</summary>
internal static class ExposureCommand
{
    public static async Task<int> RunAsync(Arguments arguments, TextWriter output, TextWriter errors)
    {
        var (space, labels, ports, address) = (arguments.Option("--namespace"), arguments.Option("--labels"), arguments.Option("--ports"), arguments.Option("--ip"));
        var source = arguments.Required("the manifests");
        arguments.End();
        var engine = await ManifestEngine.BuildAsync(source, errors);
        IEnumerable<string> namespaces = space is not null ? [space]
            : engine.Parties.Where(static p => p.ManagedPod is not null).Select(static p => p.ManagedPod!.Metadata.Namespace)
                .Concat(engine.Policies.Select(static p => p.Model.Reference.Namespace).Where(static n => n.Length > 0)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        foreach (var name in namespaces.ToList())
        {
            if (labels == "any")
            {
                await WriteAnyAsync(engine, name, output);
                continue;
            }

            var pod = Exposure.Named(name, Labels(labels ?? ""));
            var exposure = Exposure.Of(engine, pod with
            {
                Spec = new PodSpec { Containers = [new Container { Ports = [.. Ports(ports ?? "")] }] },
                Status = new PodStatus { PodIP = address ?? "" },
            });
            await output.WriteLineAsync($"a new pod of {name}{(pod.Metadata.Labels.Count == 0 ? " without labels" : $" with {labels}")}{(address is null ? ", at an address of no block" : $" at {address}")}");
            await WriteAsync("reaches", Direction.Egress, exposure, exposure.Reaches, output);
            await WriteAsync("is reached by", Direction.Ingress, exposure, exposure.ReachedBy, output);
        }

        return 0;
    }

    private static async Task WriteAsync(string words, Direction direction, Exposure exposure, IReadOnlyCollection<ExposedTo> groups, TextWriter output)
    {
        var isolating = exposure.IsolatedBy[direction];
        await output.WriteLineAsync($"  {direction.ToString().ToLowerInvariant()}: {(isolating.IsEmpty ? "isolated by no network policy" : $"isolated by {string.Join(", ", isolating)}")}");
        foreach (var group in groups)
        {
            await output.WriteLineAsync($"  {words} {group.Group}: {PortText.Of(group.Ports)} ({group.Why})");
        }

        if (groups.Count == 0)
        {
            await output.WriteLineAsync($"  {words} nobody");
        }
    }

    /// <summary>All that some labels could bring, and the labels that bring it.</summary>
    private static async Task WriteAnyAsync(PolicyEngine engine, string name, TextWriter output)
    {
        var tried = 0;
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var pod in Exposure.Conceivable(engine, name))
        {
            tried++;
            var exposure = Exposure.Of(engine, pod);
            var with = pod.Metadata.Labels.Count == 0 ? "without labels" : $"with {string.Join(',', pod.Metadata.Labels.OrderBy(static l => l.Key, StringComparer.Ordinal).Select(static l => $"{l.Key}={l.Value}"))}";
            foreach (var group in exposure.Reaches)
            {
                found.TryAdd($"could reach {group.Group}: {PortText.Of(group.Ports)}", with);
            }

            foreach (var group in exposure.ReachedBy)
            {
                found.TryAdd($"could be reached by {group.Group}: {PortText.Of(group.Ports)}", with);
            }
        }

        await output.WriteLineAsync($"a new pod of {name} with any labels: {tried} sets were tried, those that selectors ask for and those that pods carry");
        foreach (var (what, with) in found)
        {
            await output.WriteLineAsync($"  {what} ({with})");
        }

        if (found.Count == 0)
        {
            await output.WriteLineAsync("  could reach nobody and be reached by nobody");
        }
    }

    private static Dictionary<string, string> Labels(string text)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var parts = label.Split('=', 2);
            labels[parts[0]] = parts.Length == 2 ? parts[1] : throw new UsageException($"{label} is no label: expected key=value, or any alone");
        }

        return labels;
    }

    private static IEnumerable<ContainerPort> Ports(string text) =>
        from port in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        let parts = port.Split('=', 2)
        let number = CanCommand.Port(parts[^1])
        select new ContainerPort { Name = parts.Length == 2 ? parts[0] : "", Number = number.Port, Protocol = number.Protocol.Text() };
}
