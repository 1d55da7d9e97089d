namespace NetPulse.Lab.Load;

/// <summary>How one TCP connection is driven.</summary>
/// <param name="Port">Where the receiver listens.</param>
/// <param name="CongestionControl">The sender's, as <c>cubic</c> or <c>bbr</c>; <see langword="null"/>: the pod's default.</param>
/// <param name="ReadBitsPerSecond">How fast the receiving application reads; <see langword="null"/>: as fast as it can.</param>
public sealed record TransferSettings(int Port, string? CongestionControl = null, long? ReadBitsPerSecond = null);
