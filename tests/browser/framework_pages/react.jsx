// Titles are set in each way that apps do it: on render, in an effect, late.

import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import {
  BrowserRouter,
  Link,
  Navigate,
  Route,
  Routes,
  useNavigate,
  useSearchParams,
} from "react-router";

function Titled({ title, after }) {
  useEffect(() => {
    const set = () => void (document.title = title);
    if (!after) return set();
    const timer = setTimeout(set, after);
    return () => clearTimeout(timer);
  }, [title, after]);
  return <h1>{title}</h1>;
}

function Filtered() {
  const [, setQuery] = useSearchParams();
  const type = ({ target }) => setQuery({ q: target.value }, { replace: true });
  return (
    <>
      <title>Search</title>
      <input id="query" onChange={type} />
    </>
  );
}

/** As the guards of routers do: the title first, then the move. */
function Guarded() {
  const navigate = useNavigate();
  const go = () => {
    document.title = "Guarded";
    navigate("/guarded");
  };
  return <button id="guarded" onClick={go}>Guarded</button>;
}

function App() {
  return (
    <BrowserRouter basename="/react">
      <nav>
        <Link to="/one">one</Link>
        <Link to="/two">two</Link>
        <Link to="/late">late</Link>
        <Link to="/later">later</Link>
        <Link to="/search">search</Link>
        <Link to="/search?q=other">other</Link>
        <Link to="/two" replace>instead</Link>
        <a href="#part">part</a>
        <Guarded />
      </nav>
      <Routes>
        <Route path="/" element={<Navigate to="/login" replace />} />
        <Route path="/login" element={<Titled title="Log in" />} />
        <Route path="/one" element={<Titled title="One" />} />
        <Route path="/two" element={<Titled title="Two" />} />
        <Route path="/late" element={<Titled title="Late" after={200} />} />
        <Route path="/later" element={<Titled title="Later" after={900} />} />
        <Route path="/search" element={<Filtered />} />
        <Route path="/guarded" element={<h1>Guarded</h1>} />
      </Routes>
    </BrowserRouter>
  );
}

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
