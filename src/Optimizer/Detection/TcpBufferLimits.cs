namespace NetPulse.Optimizer.Detection;

/// <summary>The three numbers of net.ipv4.tcp_rmem or tcp_wmem, bytes.</summary>
public sealed record TcpBufferLimits(long Minimum, long Default, long Maximum)
{
    /// <summary>As the kernel reads it.</summary>
    public override string ToString() => $"{Minimum} {Default} {Maximum}";
}
