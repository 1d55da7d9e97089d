namespace NetPulse.Lab.Load;

/// <summary>How a TCP connection, one after the other, is driven.</summary>
/// <param name="Port">Where the receiver listens.</param>
/// <param name="CongestionControl">The sender's, as <c>cubic</c> or <c>bbr</c>; <see langword="null"/>: the pod's default.</param>
/// <param name="ConnectionLifetime">After this time the sender ends the connection and makes the next; <see langword="null"/>: never.</param>
public sealed record TransferSettings(int Port, string? CongestionControl = null, TimeSpan? ConnectionLifetime = null)
{
    /// <summary>What the application writes at once.</summary>
    public int PieceBytes { get; init; } = 256 * 1024;

    /// <summary>What the receiving application asks for as its buffer; <see langword="null"/>: the kernel decides.</summary>
    public int? ReceiveBufferBytes { get; init; }

    /// <summary>How fast the sending application writes at first; <see langword="null"/>: as fast as it can.</summary>
    public long? WriteBitsPerSecond { get; init; }
}
