using System.Collections.Immutable;

namespace NetPulse.Kubernetes.Client;

/// <summary>What a refusal of the API server means, whatever its code: 409 alone has three meanings.</summary>
public abstract record ApiFault
{
    private ApiFault()
    {
    }

    /// <summary>401: the credentials are not known; they have been read again once.</summary>
    public sealed record Unauthorized : ApiFault;

    /// <summary>403: no role allows it.</summary>
    /// <param name="User">Whom the server took us for; <c>system:anonymous</c> where no credentials were sent.</param>
    /// <param name="Resource">With its subresource, as <c>nodes/stats</c>.</param>
    /// <param name="Group">Empty for the core group.</param>
    /// <param name="Namespace">Empty: at the cluster's scope.</param>
    public sealed record Forbidden(string User, string Verb, string Resource, string Group, string Namespace, string Name) : ApiFault;

    /// <summary>403, but not for a missing role: the namespace is being deleted.</summary>
    public sealed record NamespaceTerminating(string Namespace) : ApiFault;

    /// <summary>403: an admission policy, webhook or quota refused the object itself.</summary>
    public sealed record AdmissionDenied(string Reason) : ApiFault;

    /// <summary>404. The name is empty where the kind itself is not served.</summary>
    public sealed record NotFound(string Resource, string Name) : ApiFault;

    /// <summary>409: an object of that name is there.</summary>
    public sealed record AlreadyExists(string Resource, string Name) : ApiFault;

    /// <summary>409: the object is not the one that was read: another version, or another object of that name. Read it again.</summary>
    public sealed record VersionConflict(string Resource, string Name) : ApiFault;

    /// <summary>409: others own fields of this apply.</summary>
    public sealed record FieldManagerConflict(ImmutableArray<OwnedField> Fields) : ApiFault;

    /// <summary>410: the version asked for is forgotten. List again.</summary>
    /// <param name="Continue">A token for the rest of a list, of another moment than its first pages; empty where there is none.</param>
    public sealed record Gone(string Continue) : ApiFault;

    /// <summary>429: too much is asked, or a pod may not be evicted yet.</summary>
    /// <param name="Delay">What the server asks to wait.</param>
    public sealed record Throttled(TimeSpan Delay) : ApiFault;

    /// <summary>422: the object may not be so.</summary>
    public sealed record Invalid(ImmutableArray<InvalidField> Fields) : ApiFault;

    /// <summary>Fields that the kind does not have: 400 of a strict create, 500 of an apply.</summary>
    public sealed record UnknownFields(ImmutableArray<string> Fields) : ApiFault;

    /// <summary>422 of a JSON patch whose <c>test</c> did not hold, or whose path is not there.</summary>
    public sealed record PatchRejected : ApiFault;

    /// <summary>400, 405, 406, 413, 415: the request itself is wrong.</summary>
    public sealed record BadRequest : ApiFault;

    /// <summary>5xx that may pass: starting, stopping, overloaded, or it waited for something that did not come.</summary>
    /// <param name="Delay">What the server asks to wait; zero where it says nothing.</param>
    public sealed record Unavailable(TimeSpan Delay) : ApiFault;

    /// <summary>No answer: nobody listens, the name is unknown, the certificate is not trusted, or the time is up.</summary>
    public sealed record Unreachable : ApiFault;

    /// <summary>An answer that is none of the API server's, as a proxy's page, or one that ended early.</summary>
    public sealed record Garbled : ApiFault;
}

/// <summary>A field that another field manager owns.</summary>
/// <param name="Manager">With its subresource where it has one.</param>
/// <param name="Path">As <c>.spec.ingress</c>.</param>
public sealed record OwnedField(string Manager, string Path);

/// <summary>A field that validation refuses.</summary>
/// <param name="Path">As <c>spec.ingress[0].ports[0].port</c>.</param>
/// <param name="Reason">As <c>FieldValueInvalid</c>, <c>FieldValueRequired</c>.</param>
public sealed record InvalidField(string Path, string Reason, string Message);
