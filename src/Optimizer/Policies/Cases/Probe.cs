using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Cases;

/// <summary>One question of a case.</summary>
/// <param name="From">A pod as <c>namespace/name</c>; else <paramref name="FromIp"/> is set.</param>
/// <param name="To">A pod as <c>namespace/name</c>; else <paramref name="Ip"/> is set.</param>
internal sealed record Probe(
    string? From,
    string? FromIp,
    string? To,
    string? Ip,
    int Port,
    string Proto,
    bool Allowed,
    bool Egress,
    bool Ingress,
    string? Why,
    bool Old,
    bool New,
    string? Change)
{
    /// <exception cref="FormatException">It names a pod or an address that is none, or another protocol.</exception>
    public Verdict Ask(PolicyEngine engine) => engine.Ask(
        Find(engine, From, FromIp),
        Find(engine, To, Ip),
        TransportProtocolText.Parse(Proto) ?? throw new FormatException($"{Proto} is no protocol"),
        Port);

    public override string ToString() => $"{From ?? FromIp} -> {To ?? Ip} {Port}/{Proto}";

    private static Party Find(PolicyEngine engine, string? pod, string? address)
    {
        if (pod is not null)
        {
            return engine.PodNamed(pod) ?? throw new FormatException($"there is no pod {pod}");
        }

        return IpValue.TryParse(address ?? "", out var value) ? engine.At(value) : throw new FormatException($"{address} is no address");
    }
}
