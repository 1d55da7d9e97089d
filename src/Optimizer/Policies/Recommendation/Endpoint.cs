using NetPulse.Optimizer.Policies.Addresses;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>What a policy can name as one end of a connection.</summary>
internal abstract record Endpoint
{
    /// <summary>What the collectors call all of the Internet.</summary>
    public const string World = "public";

    private Endpoint()
    {
    }

    public sealed record Workload(WorkloadGroup Group) : Endpoint
    {
        public override string ToString() => Group.ToString();
    }

    /// <summary>Outside of the cluster.</summary>
    public sealed record Outside(IpValue Address) : Endpoint
    {
        public override string ToString() => Address.ToString();
    }

    /// <summary>A node, or a pod in its network namespace: only the address counts.</summary>
    /// <param name="Node">The node's name; empty when only a pod's address is known.</param>
    public sealed record Host(string Node, IpValue Address, bool IsPod) : Endpoint
    {
        public override string ToString() => $"node {Node} ({Address})";
    }

    /// <summary>The cluster address of a service, where the pods behind it are not known by a selector.</summary>
    public sealed record ServiceAddress(string Service, IpValue Address) : Endpoint
    {
        public override string ToString() => $"service {Service} ({Address})";
    }

    /// <summary>Something that no rule can name.</summary>
    /// <param name="Flag">The flag that says why.</param>
    public sealed record Unnameable(string Name, string Flag) : Endpoint
    {
        public override string ToString() => Name;
    }
}
