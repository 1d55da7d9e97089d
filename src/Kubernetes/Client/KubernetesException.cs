namespace NetPulse.Kubernetes.Client;

/// <summary>The API server refused, or could not be asked.</summary>
/// <param name="operation">What was tried, as <c>PATCH networkpolicies/x in fx</c>.</param>
/// <param name="fault">What it means.</param>
/// <param name="code">The HTTP status; 0 without an answer.</param>
/// <param name="message">The server's own words, or the operating system's.</param>
public sealed class KubernetesException(string operation, ApiFault fault, int code, string message, Exception? inner = null)
    : IOException($"{operation}: {(code == 0 ? "" : $"{code} ")}{message}{Remedy(fault)}", inner)
{
    public string Operation { get; } = operation;

    public ApiFault Fault { get; } = fault;

    public int Code { get; } = code;

    /// <summary>What would help where it is known; empty otherwise.</summary>
    private static string Remedy(ApiFault fault) => fault switch
    {
        ApiFault.Forbidden { User: "system:anonymous" } => "; no credentials were sent",
        ApiFault.Forbidden f => $"; grant {f.User} the verb {f.Verb} on {f.Resource} (apiGroup \"{f.Group}\"{(f.Namespace.Length > 0 ? $", namespace {f.Namespace}" : "")})",
        ApiFault.Unauthorized => "; the token or certificate is not known to this cluster, or has expired",
        ApiFault.FieldManagerConflict => "; leave those fields out, or force on purpose",
        _ => "",
    };
}
