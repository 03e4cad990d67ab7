/** The providers around every screen. Not a place for state: the URL and the query cache are. */
export function App() {
  return <h1>Martello</h1>;
}
