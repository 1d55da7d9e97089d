using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>The receive window is far below the path's bandwidth-delay product, because the receiving pod's tcp_rmem does not let it grow.</summary>
public static class ReceiveWindowScenario
{
    public const string Name = "receive-window";

    /// <param name="congestionControl">Of the senders; cubic unless the scenario is to be seen under another.</param>
    public static Scenario Create(string congestionControl = "cubic") => UploadToArchive.Create(
        Name,
        "tcp_rmem of the archives caps the receive window: enough at 10 ms, an eighth of the path at 100 ms",
        new TransferSettings(Port: 9000, congestionControl, ConnectionLifetime: UploadToArchive.ConnectionLifetime));
}
