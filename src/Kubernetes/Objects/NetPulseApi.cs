namespace NetPulse.Kubernetes.Objects;

/// <summary>The group and version of our own kinds.</summary>
public static class NetPulseApi
{
    public const string Group = "netpulse.io";

    public const string Version = "netpulse.io/v1alpha1";
}
