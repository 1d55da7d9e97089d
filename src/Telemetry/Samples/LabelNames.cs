namespace NetPulse.Telemetry.Samples;

/// <summary>The labels of our metrics, named as the users of kube-state-metrics and cAdvisor already have them.</summary>
public static class LabelNames
{
    public const string Node = "node";

    /// <summary>Where the node is; the same for all that it reports.</summary>
    public const string Cluster = "cluster";
    public const string Zone = "zone";
    public const string Namespace = "namespace";
    public const string Workload = "workload";
    public const string Pod = "pod";
    public const string PeerNamespace = "peer_namespace";
    public const string PeerWorkload = "peer_workload";
    public const string PeerPod = "peer_pod";

    /// <summary>The listening side's port.</summary>
    public const string ServerPort = "server_port";

    /// <summary><see cref="Server"/> where the reporting pod listens, otherwise <see cref="Client"/>.</summary>
    public const string Role = "role";
    public const string Server = "server";
    public const string Client = "client";

    /// <summary><see cref="Transmit"/> or <see cref="Receive"/>, seen from the reporting pod or interface.</summary>
    public const string Direction = "direction";
    public const string Transmit = "transmit";
    public const string Receive = "receive";

    /// <summary>Why something is wrong, failed or was dropped.</summary>
    public const string Reason = "reason";

    /// <summary>A TCP socket's, as <c>ss</c> writes it: <c>established</c>, <c>close-wait</c>, …</summary>
    public const string State = "state";

    public const string Address = "address";
    public const string Port = "port";
    public const string PeerAddress = "peer_address";
    public const string PeerPort = "peer_port";

    public const string Interface = "interface";

    /// <summary>A sysctl's dotted name, as <c>net.ipv4.tcp_rmem</c>.</summary>
    public const string Sysctl = "sysctl";

    /// <summary>Which of a sysctl's numbers: <c>min</c>, <c>default</c>, <c>max</c>; absent where there is one.</summary>
    public const string Field = "field";

    public const string Source = "source";

    /// <summary>Number of a CPU.</summary>
    public const string Cpu = "cpu";

    /// <summary>A queueing discipline's kind, as <c>fq_codel</c>.</summary>
    public const string Qdisc = "qdisc";

    /// <summary>The Service that a connection was made to, before its destination was translated.</summary>
    public const string Service = "service";
    public const string ServiceNamespace = "service_namespace";

    /// <summary>What a pod's owner is, as <c>Deployment</c>.</summary>
    public const string WorkloadKind = "workload_kind";

    /// <summary><c>true</c> for a pod that uses the node's own network.</summary>
    public const string HostNetwork = "host_network";

    public const string Protocol = "protocol";

    /// <summary><see cref="Ipv4"/> or <see cref="Ipv6"/>.</summary>
    public const string Family = "family";
    public const string Ipv4 = "ipv4";
    public const string Ipv6 = "ipv6";

    /// <summary>Which of several thresholds.</summary>
    public const string Level = "level";

    /// <summary>A driver's own name for what it counts.</summary>
    public const string Counter = "counter";

    /// <summary>A text that is no number.</summary>
    public const string Value = "value";

    /// <summary>Of a DNS answer, as <c>NXDOMAIN</c>.</summary>
    public const string ResponseCode = "rcode";

    /// <summary>What kind of reason.</summary>
    public const string Class = "class";
}
