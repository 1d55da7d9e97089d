namespace NetPulse.Optimizer.Policies.Ports;

public enum TransportProtocol
{
    Tcp,
    Udp,
    Sctp,
}

public static class TransportProtocolText
{
    /// <summary>As Kubernetes writes it: capital letters only.</summary>
    /// <returns><see langword="null"/> for anything else.</returns>
    public static TransportProtocol? Parse(string text) => text switch
    {
        "TCP" => TransportProtocol.Tcp,
        "UDP" => TransportProtocol.Udp,
        "SCTP" => TransportProtocol.Sctp,
        _ => null,
    };

    public static string Text(this TransportProtocol protocol) => protocol switch
    {
        TransportProtocol.Tcp => "TCP",
        TransportProtocol.Udp => "UDP",
        _ => "SCTP",
    };
}
