using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>Looks like <see cref="ReceiveWindowScenario"/> from the sender, but the window is full because the application does not read: a larger one helps nobody.</summary>
public static class SlowReaderScenario
{
    public const string Name = "slow-reader";

    /// <inheritdoc cref="ReceiveWindowScenario.Create"/>
    public static Scenario Create(string congestionControl = "cubic") => UploadToArchive.Create(
        Name,
        "the archives read 3 Mbit/s from then on, whatever the network could carry: a larger tcp_rmem does not help",
        new TransferSettings(Port: 9000, congestionControl, UploadToArchive.ConnectionLifetime)) with
    {
        TroubledReadBitsPerSecond = 3_000_000,
    };
}
