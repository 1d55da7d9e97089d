using System.Globalization;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Commands;

/// <summary><c>policies can FROM TO PORT[/PROTOCOL] --manifests SOURCE</c>: yes or no, why, and the smallest patch that would change it.</summary>
internal static class CanCommand
{
    public static async Task<int> RunAsync(Arguments arguments, TextWriter output, TextWriter errors)
    {
        var source = arguments.Option("--manifests") ?? throw new UsageException("--manifests is missing");
        var (fromText, toText) = (arguments.Required("the sender"), arguments.Required("the destination"));
        var (protocol, port) = Port(arguments.Required("the port"));
        arguments.End();

        var engine = await ManifestEngine.BuildAsync(source, errors);
        var (from, to) = (Find(engine, fromText, source), Find(engine, toText, source));
        var verdict = engine.Ask(from, to, protocol, port);
        await output.WriteLineAsync($"{from.Name} -> {to.Name} {port}/{protocol.Text()}: {(verdict.IsAllowed ? "allowed" : "denied")}");
        await output.WriteLineAsync($"  egress of {from.Name}: {verdict.Egress}");
        await output.WriteLineAsync($"  ingress of {to.Name}: {verdict.Ingress}");

        var remedies = Remedies.For(engine, from, to, protocol, port);
        await output.WriteLineAsync(remedies.IsEmpty
            ? $"  No small change {(verdict.IsAllowed ? "would deny" : "would allow")} it{Hint(verdict)}."
            : $"  To {(verdict.IsAllowed ? "deny" : "allow")} it:");
        foreach (var remedy in remedies)
        {
            await output.WriteLineAsync(Text(remedy));
        }

        return verdict.IsAllowed ? 0 : 1;
    }

    internal static (TransportProtocol Protocol, int Port) Port(string text)
    {
        var parts = text.Split('/');
        if (parts.Length > 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > PortRange.Highest
            || TransportProtocolText.Parse(parts.Length == 2 ? parts[1].ToUpperInvariant() : "TCP") is not { } protocol)
        {
            throw new UsageException($"{text} is no port: expected 1 to {PortRange.Highest}, as 8080 or 53/UDP");
        }

        return (protocol, port);
    }

    private static Party Find(PolicyEngine engine, string text, string source)
    {
        if (IpValue.TryParse(text, out var address))
        {
            return engine.At(address);
        }

        var name = text.Contains('/', StringComparison.Ordinal) ? text : $"default/{text}";
        return engine.PodNamed(name) ?? throw new UsageException($"{source} holds no pod or workload {name}, and it is no address");
    }

    private static string Text(Remedy remedy) => remedy switch
    {
        Remedy.Patch patch => $"    kubectl patch {Resource(patch.Policy)} --type=json -p '{patch.Operations.ToJsonString()}'\n      {patch.Effect}",
        Remedy.NewPolicy policy => $"    a new policy, for kubectl apply -f -: {policy.Effect}\n      {YamlDocument.Format(policy.Manifest).TrimEnd().Replace("\n", "\n      ", StringComparison.Ordinal)}",
        _ => "",
    };

    private static string Hint(Verdict verdict) => verdict switch
    {
        { IsAllowed: true } => ": that needs a policy that selects one of the two and leaves this out",
        _ => ": the other side has no label that a rule could name",
    };

    private static string Resource(PolicyReference policy) =>
        $"{policy.Kind.ToLowerInvariant()}{(policy.Kind == nameof(NetworkPolicy) ? $" -n {policy.Namespace}" : "")} {policy.Name}";
}
