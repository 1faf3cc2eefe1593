package checkpointhttp

import (
	"cmp"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// requestPath is the path of a request as the server has received it, also inside of http.StripPrefix.
func requestPath(r *http.Request) string {
	if received, err := url.ParseRequestURI(r.RequestURI); err == nil {
		return received.EscapedPath()
	}
	return r.URL.EscapedPath()
}

// address is a link to a path of this server, relative to the page: a proxy in front may have taken a prefix off the
// path, and only the browser knows it. Nothing of the request gets into the link but how deep its path is.
func (e *exchange) address(target string) string {
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") {
		return target // of another server, by the application's choice
	}
	up := strings.Repeat("../", max(0, strings.Count(requestPath(e.r), "/")-1))
	return cmp.Or(up, "./") + target[1:]
}

// home is where a page leads after which there is nothing left to do.
func (e *exchange) home() string {
	if e.Home == "" && e.back != "" {
		return e.back
	}
	return e.address(cmp.Or(e.Home, "/"))
}

// cameFrom is the page whose form or link has led here; "" if it is not known, or is one of ours. The browser names it.
// Only its path is used, so it cannot be a page of another site, whatever the request says.
func (e *exchange) cameFrom() string {
	referrer, err := url.Parse(e.r.Referer())
	if err != nil || referrer.Host == "" {
		return ""
	}
	switch site := e.r.Header.Get("Sec-Fetch-Site"); {
	case site == "same-origin", site == "" && referrer.Host == e.r.Host:
	default:
		return ""
	}
	if from := referrer.EscapedPath(); strings.HasSuffix(from, requestPath(e.r)) || strings.HasSuffix(path.Dir(from)+"/", e.path()) {
		return ""
	}
	return pathOnly((&url.URL{Path: referrer.Path, RawPath: referrer.RawPath, RawQuery: referrer.RawQuery}).String())
}

// maxBack is more than browsers let a page's address have in practice.
const maxBack = 2048

// pathOnly returns an address if it is the path and query of a page of this site; otherwise "". A browser reads //host and
// /\host as another host, and leaves out control characters before it decides.
func pathOnly(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || len(address) > maxBack || parsed.Scheme != "" || parsed.Host != "" || parsed.User != nil || parsed.Opaque != "" {
		return ""
	}
	if escaped := parsed.EscapedPath(); !strings.HasPrefix(escaped, "/") || strings.HasPrefix(escaped, "//") {
		return ""
	}
	return (&url.URL{Path: parsed.Path, RawPath: parsed.RawPath, RawQuery: parsed.RawQuery}).String()
}
